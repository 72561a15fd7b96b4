# -*- coding: utf-8 -*-
'''Usuários.

class NotAModel(db.Model):
    __tablename__ = 'this is a docstring'
'''
from __future__ import annotations

import typing as t

from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, deferred, mapped_column, synonym

from app.crypto import EncryptedString, EncryptedText
from app.extensions import db
from .mixins import BaseModel, SecretNoteMixin, TimestampMixin

if t.TYPE_CHECKING:
    from .billing import Invoice

DYNAMIC = "somewhere"


class User(TimestampMixin, db.Model):
    """The account."""

    __tablename__ = "usuarios"
    __table_args__ = (
        db.UniqueConstraint("email", name="uq_usuarios_email"),
        db.Index("ix_usuarios_nome", "nome"),
        {"schema": "auth", "comment": "accounts"},
    )

    id = db.Column(db.Integer, primary_key=True)
    email = db.Column(db.String(255), unique=True, nullable=False)
    username = db.Column("nome", db.String(80), index=True)
    _otp_secret = db.Column(EncryptedString(255))
    recovery: Mapped[t.Optional[str]] = mapped_column(
        "recovery_"
        "codes",  # two literals, one name
        EncryptedText,
        nullable=True,
    )
    phone = deferred(db.Column(EncryptedString, name='phone_enc'))
    org_id = db.Column(db.ForeignKey("auth.orgs.id"))
    age: Mapped[int]
    invoices: Mapped[t.List["Invoice"]] = db.relationship("Invoice", back_populates="user")
    telephone = synonym("phone")

    @hybrid_property
    def otp_secret(self):
        return self._otp_secret

    @otp_secret.setter
    def otp_secret(self, value):
        self._otp_secret = value

    @property
    def is_adult(self):
        return self.age >= 18

    def check(self, db_column=db.Column("not_a_column", db.Integer)):
        local = db.Column("neither", db.Integer)
        return local

    class Meta:
        ordering = "id"


class UserProfile(BaseModel, SecretNoteMixin):
    user_id = db.Column(db.Integer, db.ForeignKey("auth.usuarios.id"))
    bio = db.Column(db.Text)
    token = db.Column(EncryptedString(255))


class Dynamic(db.Model):
    __tablename__ = f"{DYNAMIC}_things"
    id = db.Column(db.Integer, primary_key=True)
    secret = db.Column(DYNAMIC + "_secret", EncryptedString)
