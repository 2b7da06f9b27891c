"""Opens and closes."""
import json

with open(__file__) as file:
    text = file.read()
with open("settings.json", "w") as file:
    json.dump({}, file)
