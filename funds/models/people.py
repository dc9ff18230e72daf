"""Users, the organisations that own data, and what a user may do in each organisation."""

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q

from funds.models.checks import not_blank


class User(AbstractUser):
    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.username


class Organisation(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100, unique=True)

    class Meta:
        constraints = [not_blank("name")]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """The only thing that gives a user access to an organisation's data outside the admin."""

    class Role(models.TextChoices):
        VIEWER = "viewer"
        ANALYST = "analyst"
        ADMIN = "admin"

    ROLES_THAT_MAY_REQUEST = (Role.ANALYST, Role.ADMIN)

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=10, choices=Role.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation"], name="%(app_label)s_%(class)s_once_per_user"
            ),
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_role_known",
                condition=Q(role__in=["viewer", "analyst", "admin"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} as {self.role} of {self.organisation}"
