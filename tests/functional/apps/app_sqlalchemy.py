"""An ORM with its mappers configured at import.  Eager: a connection is opened at import."""
import os

from sqlalchemy import Column, ForeignKey, Integer, String, create_engine, func
from sqlalchemy.orm import Session, configure_mappers, declarative_base, relationship

import app_result

Base = declarative_base()


class Shelf(Base):
    __tablename__ = "shelf"
    id = Column(Integer, primary_key=True)
    name = Column(String)
    books = relationship("Book", back_populates="shelf")


class Book(Base):
    __tablename__ = "book"
    id = Column(Integer, primary_key=True)
    title = Column(String)
    shelf_id = Column(ForeignKey("shelf.id"))
    shelf = relationship(Shelf, back_populates="books")


configure_mappers()
if app_result.EAGER:
    CONNECTION = create_engine("sqlite:///" + app_result.place("shelf.db")).connect()


def work():
    engine = create_engine("sqlite:///" + app_result.place("shelf-%d.db" % os.getpid()))
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(Shelf(name="shelf %d" % shelf, books=[Book(title="book %d" % book)
                                                             for book in range(shelf)])
                        for shelf in range(5))
        session.commit()
        counts = session.query(Shelf.name, func.count(Book.id)).outerjoin(Book) \
            .group_by(Shelf.id).order_by(Shelf.id).all()
        return {"counts": [list(row) for row in counts],
                "first": session.query(Book).order_by(Book.id).first().shelf.name}


def run():
    app_result.run(work)
