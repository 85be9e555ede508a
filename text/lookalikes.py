"""Letters of other scripts that no common font tells from Latin ones, and what they are taken for."""

from __future__ import annotations

LOOKALIKES = dict(
    zip(
        "аеорсухіјѕԁһԛԝѵьАВЕЗКМНОРСТУХІЈЅԌԚԜ"  # Cyrillic
        "οναρτυικχγηωΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"  # Greek
        "օսոհցԼՏՕ",  # Armenian
        "aeopcyxijsdhqwvbABE3KMHOPCTYXIJSGQWovaptuikxynwABEZHIKMNOPTYXounhgLSO",
        strict=True,
    )
)
"""From the Unicode confusables table (UTS 39, revision 30)."""
