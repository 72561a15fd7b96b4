import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy_utils import EncryptedType, StringEncryptedType
from sqlalchemy_utils.types.encrypted.encrypted_type import AesEngine

import app.models.mixins as mixins
from app.extensions import db


class Payment(mixins.BaseModel):
    """Single-table inheritance root."""

    kind = db.Column(db.String(20))
    pan = sa.Column("card_pan", StringEncryptedType(sa.Unicode, "literal-key-in-source", AesEngine, "pkcs5"))
    __mapper_args__ = {"polymorphic_on": kind}


class PixPayment(Payment):
    """Shares the table of Payment: no name, no key of its own."""

    pix_key = orm.mapped_column(type_=EncryptedType(sa.String, get_key))


class BoletoPayment(Payment):
    """Joined: a table of its own."""

    __tablename__ = "boleto_payments"
    id = sa.Column(sa.ForeignKey("core.payment.id"), primary_key=True)
    line = sa.Column(sa.String)


class Invoice(db.Model):
    __table__ = db.Table(
        "invoices",
        db.metadata,
        db.Column("id", db.Integer, primary_key=True),
        db.Column("tax_id", EncryptedType(db.String, get_key)),
        schema="billing",
    )


if True:
    class OAuth2Token(db.Model):
        id = db.Column(db.BigInteger, primary_key=True)
        access_token = db.Column(
            EncryptedType(
                db.Text, lambda: get_key(),
            ), nullable=False)
