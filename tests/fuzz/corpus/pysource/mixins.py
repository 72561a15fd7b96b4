from sqlalchemy.orm import declared_attr

from ..crypto import EncryptedString
from ..extensions import db


class TimestampMixin(object):
    created_at = db.Column(db.DateTime, nullable=False)
    updated_at = db.Column("modified", db.DateTime(timezone=True))


class SecretNoteMixin:
    @declared_attr
    def note(cls):
        return db.Column("note_enc", EncryptedString(500))


class TableNameMixin:
    @declared_attr.directive
    def __tablename__(cls) -> str:
        return cls.__name__.lower()


class BaseModel(TimestampMixin, db.Model):
    __abstract__ = True
    __table_args__ = {"schema": "core"}

    id = db.Column(db.Integer, primary_key=True)
