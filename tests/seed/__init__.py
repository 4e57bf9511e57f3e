"""Tests of app/seed: what a synthetic country holds, and when it is refused."""
