from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass, Mapped, mapped_column
from sqlalchemy import MetaData


class Base(MappedAsDataclass, DeclarativeBase):
    metadata = MetaData(schema="legacy")


class User(Base):
    __tablename__ = 'old_users'
    id: Mapped[int] = mapped_column(primary_key=True)
    secret: Mapped["EncryptedStr"]
