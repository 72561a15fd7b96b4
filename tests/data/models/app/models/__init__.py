from .user import User, UserProfile
from .audit import *
from app.models.billing import (
    Invoice,  # a comment inside the brackets
    Payment as CardPayment,
)

__all__ = ["User", "UserProfile", "AuditLog", "Invoice", "CardPayment"]
