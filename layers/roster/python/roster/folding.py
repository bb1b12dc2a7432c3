"""How a name is compared with another: without capitals, accents and punctuation, so that people find each other.

Sort keys are made of folded names. They hold letters, vowel signs, digits and `-` between words, all of
which come behind the `#` that ends a part: Smith stands before Smith-Jones, and that one before Smithson.
"""

from __future__ import annotations

from unicodedata import category, combining, normalize

LONGEST = 100  # characters of a name; two of them, at four bytes each, fit into a key
APOSTROPHES = dict.fromkeys(map(ord, "'`\u00b4\u2018\u2019\u02bc"))  # O'Brien is one word
# Letters that are not made of another one and an accent, though people take them for it.
OTHERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i", "ħ": "h", "ŋ": "n"}
)


def folded(name: str) -> str:
    """`smith-jones` of `Smith-Jones`, `muller` of `Müller`, `strasse` of `Straße`; blank where nothing is left."""
    if name.isascii() and name.isalpha():
        return name.lower()[:LONGEST]
    if not name.isascii():
        parts = normalize("NFKD", name.casefold().translate(OTHERS))
        name = "".join(one for one in parts if not combining(one))
    letters = (one if category(one)[0] in "LMN" else " " for one in name.casefold().translate(APOSTROPHES))
    return "-".join("".join(letters).split())[:LONGEST].rstrip("-")
