"""Keeps notes in a volume, one a line."""

from pathlib import Path

from flask import Flask, request

NOTES = Path("/data/notes.txt")

app = Flask(__name__)


@app.get("/health")
def health() -> str:
    """Answer, which is all that a health check asks for."""
    return "ok\n"


@app.get("/notes")
def read() -> str:
    """Return all notes."""
    return NOTES.read_text(encoding="utf-8") if NOTES.exists() else ""


@app.post("/notes")
def add() -> str:
    """Keep one more note."""
    note = request.get_data(as_text=True).strip().replace("\n", " ")
    with NOTES.open("a", encoding="utf-8") as notes:
        notes.write(f"{note}\n")
    return f"{note}\n"
