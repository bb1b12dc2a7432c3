"""The generator's own word lists, short on purpose (a real district repeats names too), and its dice."""

import unicodedata
from functools import lru_cache

FIRST = (
    "Ada Alan Amara Anika Ben Bruno Carla Chen Clara Dana Dario Devi Edda Elif Emil Esra Farid Fay Gita Hana "
    "Hugo Ida Igor Ines Ivan Jana Jonas Kai Kira Lena Liam Lucia Mara Milo Nadia Nils Noor Olga Omar Oren "
    "Paula Pavel Quinn Rana Remy Rosa Samir Selma Sven Talia Theo Tove Uma Vera Wanda Willa Yara Yusuf "
    "Zane Zoe"
).split()
LAST = (
    "Abel Adeyemi Alder Ansari Bauer Becker Birch Blom Brandt Castro Cedar Chavez Cole Dahl Diaz Ebert Engel "
    "Falk Ferro Fuchs Garza Grau Haas Hale Holm Ibarra Iqbal Jansen Juarez Kahn Keller Koch Laurent Lund "
    "Maier Marsh Meyer Moreau Nakano Noble Okoro Olsen Park Petrov Quist Ramos Reyes Roth Sandoval "
    "Sato Shah Silva Stone Tanaka Torres Ueda Vega Vogt Weber Winter Wolff Yilmaz Young Zhou Ziegler"
).split()
PLACES = "Ash Bay Clover Dune Elm Fern Glen Harbor Iris Juniper Knoll Lake Maple North Oak Pine".split()

APOSTROPHES = (
    ("Siobhán", "O'Dálaigh"),
    ("Íñigo", "Muñoz-Peña"),
    ("D'Andre", "L'Écuyer"),
    ("Zoë", "Sørensen"),
)
LONG = (
    "Maximiliana Theodora Philippa Bartholomea Konstantina Emmanuelle Aurelia Seraphina Wilhelmina Octavia",
    "Featherstonehaugh-Cholmondeley-Worthington-Smythe-Montgomery-Abernathy-Van-der-Westhuizen-Oppenheimer",
)
SHORT = ("Al", "Ng")
REPEATED = ("Maria", "Garza")

CLASS_SIZE = 24
LEVELS = (
    ("Elementary", ("Kindergarten", "1", "2", "3", "4", "5")),
    ("Middle", ("6", "7", "8")),
    ("High", ("9", "10", "11", "12")),
)
GRADES = tuple(grade for _, grades in LEVELS for grade in grades)

SUBJECTS = (  # course word, subject, the term its sections are in (a number of the district's terms)
    ("Homeroom", "homeroom/advisory", 0),
    ("Math", "math", 0),
    ("English", "english/language arts", 0),
    ("Science", "science", 0),
    ("History", "social studies", 1),
    ("Music", "arts and music", 1),
    ("Spanish", "language", 2),
)


@lru_cache(4096)
def plain(word: str) -> str:
    """A name as it would stand in an e-mail address."""
    folded = unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode().lower()
    return "".join(c for c in folded if c.isalnum())[:20]


def dice(seed: int, salt: int, number: int) -> int:
    """A well-mixed 64-bit number (splitmix64); seeding random.Random per record would cost ten times that."""
    x = (seed * 0x9E3779B97F4A7C15 + salt * 0xD1B54A32D192ED03 + number * 0x8CB92BA72F3D8DD7) & (2**64 - 1)
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & (2**64 - 1)
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & (2**64 - 1)
    return x ^ (x >> 31)
