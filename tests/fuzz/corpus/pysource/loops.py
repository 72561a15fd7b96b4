class A(B): pass
class B(A): __tablename__=None
class C(C,A,B): x=Column(f'{y}',Z)
from m import *
from . import m
