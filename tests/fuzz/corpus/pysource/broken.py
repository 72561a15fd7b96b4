class A(Base):
    x = Column('a', (String
class B(A): y = 'z
    '''