from sqlalchemy.types import TypeDecorator, String


class EncryptedString(TypeDecorator):
    """Not a model: a column type."""

    impl = String
    cache_ok = True


class EncryptedText(EncryptedString):
    pass
