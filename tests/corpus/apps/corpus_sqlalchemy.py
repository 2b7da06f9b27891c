"""An engine that has created its tables at import, so that its pool holds a connection."""
import sqlalchemy
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Item(Base):
    __tablename__ = "items"
    id = sqlalchemy.Column(sqlalchemy.Integer, primary_key=True)


engine = sqlalchemy.create_engine("sqlite:///corpus.db", poolclass=sqlalchemy.pool.QueuePool)
Base.metadata.create_all(engine)
