"""A small Flask application: what the scanner of models meets in practice."""
from flask import Flask

from .extensions import db


def create_app():
    app = Flask(__name__)
    db.init_app(app)
    return app
