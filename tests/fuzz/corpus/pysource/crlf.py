from app.extensions import db
from app.models.mixins import TableNameMixin
from app.crypto import EncryptedString


class AuditLog(TableNameMixin, db.Model):
	id = db.Column(db.Integer, primary_key=True)
	payload = db.Column(
		EncryptedString
	)

class HTTPServer(db.Model):
	__bind_key__ = "metrics"
	id = db.Column(db.Integer, primary_key=True); host = db.Column(db.String)
