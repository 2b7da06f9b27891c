# NEEDS probe
import sqlite3

database = sqlite3.connect("app.db")  # LEAK type=file target=app.db
database.execute("create table t (a)")
database.commit()
