"""Estimates how companies move between stages from a fund's own rounds, without Django or clock."""
