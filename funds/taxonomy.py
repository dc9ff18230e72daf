"""Keys of sectors: the Python twin of the database function ``normalize_sector``.

Both fold through the one table below instead of asking their own Unicode library, locale or
collation, so they agree on every version of either side. A change of the table needs a migration
that replaces the function; a test compares the two character by character.
"""

import re

LONGEST_SECTOR_LABEL = 80
# A label is refused, never cut, when its key is longer than this ("&" and "ß" lengthen).
LONGEST_SECTOR_KEY = 80

# Latin letters of the blocks Latin-1 to Latin Extended-B and Latin Extended Additional that carry
# an accent or have a customary spelling in a-z, and the Kelvin and Angstrom signs.
FOLDED_LETTERS = {
    "a": "ÀÁÂÃÄÅàáâãäåĀāĂăĄąǍǎǞǟǠǡǺǻȀȁȂȃȦȧḀḁẠạẢảẤấẦầẨẩẪẫẬậẮắẰằẲẳẴẵẶặ\u212b",
    "ae": "ÆæǢǣǼǽ",
    "b": "ƀɃḂḃḄḅḆḇ",
    "c": "ÇçĆćĈĉĊċČčḈḉ",
    "d": "ÐðĎďĐđḊḋḌḍḎḏḐḑḒḓ",
    "e": "ÈÉÊËèéêëĒēĔĕĖėĘęĚěȄȅȆȇȨȩḔḕḖḗḘḙḚḛḜḝẸẹẺẻẼẽẾếỀềỂểỄễỆệ",
    "f": "Ḟḟ",
    "g": "ĜĝĞğĠġĢģǤǥǦǧǴǵḠḡ",
    "h": "ĤĥĦħȞȟḢḣḤḥḦḧḨḩḪḫẖ",
    "i": "ÌÍÎÏìíîïĨĩĪīĬĭĮįİıǏǐȈȉȊȋḬḭḮḯỈỉỊị",
    "ij": "Ĳĳ",
    "j": "Ĵĵǰ",
    "k": "ĶķĸǨǩḰḱḲḳḴḵ\u212a",
    "l": "ĹĺĻļĽľŁłḶḷḸḹḺḻḼḽ",
    "m": "ḾḿṀṁṂṃ",
    "n": "ÑñŃńŅņŇňŉŊŋǸǹṄṅṆṇṈṉṊṋ",
    "o": "ÒÓÔÕÖØòóôõöøŌōŎŏŐőƠơǑǒǪǫǬǭǾǿȌȍȎȏȪȫȬȭȮȯȰȱṌṍṎṏṐṑṒṓỌọỎỏỐốỒồỔổỖỗỘộỚớỜờỞởỠỡỢợ",
    "oe": "Œœ",
    "p": "ṔṕṖṗ",
    "r": "ŔŕŖŗŘřȐȑȒȓṘṙṚṛṜṝṞṟ",
    "s": "ŚśŜŝŞşŠšſȘșṠṡṢṣṤṥṦṧṨṩẛ",
    "ss": "ßẞ",
    "t": "ŢţŤťŦŧȚțṪṫṬṭṮṯṰṱẗ",
    "th": "Þþ",
    "u": "ÙÚÛÜùúûüŨũŪūŬŭŮůŰűŲųƯưǓǔǕǖǗǘǙǚǛǜȔȕȖȗṲṳṴṵṶṷṸṹṺṻỤụỦủỨứỪừỬửỮữỰự",
    "v": "ṼṽṾṿ",
    "w": "ŴŵẀẁẂẃẄẅẆẇẈẉẘ",
    "x": "ẊẋẌẍ",
    "y": "ÝýÿŶŷŸȲȳẎẏẙỲỳỴỵỶỷỸỹ",
    "z": "ŹźŻżŽžƵƶẐẑẒẓẔẕ",
}
# Dropped, so that a letter typed with a separate accent equals the accented letter.
COMBINING_MARKS = "".join(map(chr, range(0x0300, 0x0370)))

_FOLDS = str.maketrans(
    {letter: folded for folded, letters in FOLDED_LETTERS.items() for letter in letters}
    | {chr(code): chr(code + 32) for code in range(ord("A"), ord("Z") + 1)}
    | dict.fromkeys(COMBINING_MARKS, "")
    | {"&": " and "}
)
_BETWEEN_WORDS = re.compile("[^a-z0-9]+")


class NotDatabaseText(ValueError):
    """The text holds a character that PostgreSQL cannot store."""


def normalize_sector(label: str) -> str:
    """The key of a sector: lower-case ASCII words joined by single underscores.

    Letters of other scripts count as gaps between words, so a label without any Latin letter or
    digit has the empty key, which the sector table refuses. Normalizing a key changes nothing.

    :raises NotDatabaseText: for NUL and lone surrogates

    >>> normalize_sector("Health & Café-Tech")
    'health_and_cafe_tech'
    """
    for character in label:
        if character == "\0" or "\ud800" <= character <= "\udfff":
            raise NotDatabaseText(f"{label!r} holds {character!r}, which a database cannot store")
    return _BETWEEN_WORDS.sub("_", label.translate(_FOLDS)).strip("_")
