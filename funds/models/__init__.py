"""Who may see what, the words funds are described with, funds, and the statistics they rest on."""

from funds.models.calibration import CalibrationSnapshot
from funds.models.fund import BucketPolicy, Fund
from funds.models.people import Membership, Organisation, User
from funds.models.taxonomy import Sector, Stage, Taxonomy

__all__ = [
    "BucketPolicy",
    "CalibrationSnapshot",
    "Fund",
    "Membership",
    "Organisation",
    "Sector",
    "Stage",
    "Taxonomy",
    "User",
]
