"""How people write their contacts, and what only looks like one."""

from __future__ import annotations

import pytest

from store.suppliers.contacts import ContactKind
from suppliers.checksums import find_wallets
from suppliers.contacts import LONGEST_READ, MOST_CONTACTS, Context, read_contacts
from suppliers.update import regions_of


def read(text: str, *regions: str) -> set[tuple[str, str]]:
    """Return the kinds and values of the contacts in a text."""
    return {
        (str(contact.kind), contact.value)
        for contact in read_contacts(text, "text", Context(regions=regions, site="market.example"))
    }


PHONES = [
    ("Tel. +49 (0)30 2312 5417", "", "+493023125417"),
    ("call 0049 30 23125417", "", "+493023125417"),
    ("Telefon: 030/23125417", "DE", "+493023125417"),
    ("手机:138 6612 0417", "CN", "+8613866120417"),
    ("手机一三八六六一二零四一七", "CN", "+8613866120417"),
    ("tel １３８６６１２０４１７", "CN", "+8613866120417"),
    ("mobile 1️⃣3️⃣8️⃣6️⃣6️⃣1️⃣2️⃣0️⃣4️⃣1️⃣7️⃣", "CN", "+8613866120417"),
    ("mobile l38 66l2 O417", "CN", "+8613866120417"),
    ("phone: 86-13866120417", "", "+8613866120417"),
    ("тел. 8 916 204-18-71", "RU", "+79162041871"),
    ("звоните восемь девятьсот шестнадцать двести четыре 18 71", "RU", "+79162041871"),
    ("Tél. zéro un 45 27 08 91", "FR", "+33145270891"),
    ("phone two oh two 555 0143", "US", "+12025550143"),
    ("(202) 555-0143", "US", "+12025550143"),
    ("هاتف ٠١٠٠٦٤٧٢١٨١", "EG", "+201006472181"),
    ("mobile ९८२४०५७७१९", "IN", "+919824057719"),
    ("📞 06 12 48 09 31", "FR", "+33612480931"),
    ("phone zero double one four, 496 oh triple two", "GB", "+441144960222"),
    ("Tel: null drei null, zwei drei eins zwei fünf vier eins sieben", "DE", "+493023125417"),
    ("hp nol delapan satu dua 3456 7 delapan nol satu", "ID", "+6281234567801"),
    ("โทร ศูนย์ แปด หนึ่ง 234 5670", "TH", "+66812345670"),
    ("电话 壹叁捌 陆陆壹贰 零肆壹柒", "CN", "+8613866120417"),
    ("tel 13O 6612 0417", "CN", "+8613066120417"),
    ("tel 138*66I2*O417", "CN", "+8613866120417"),
    ("tel138six6120417", "CN", "+8613866120417"),
    ("hubungi 019-273 4460 (En. Salleh)", "MY", "+60192734460"),
]
"""Written for this test: text, country, number in E.164 form."""


@pytest.mark.parametrize(("text", "region", "number"), PHONES)
def test_a_phone_number_is_read_however_it_is_written(text: str, region: str, number: str) -> None:
    """With words, letters for digits, other scripts' digits and emoji."""
    assert read(text, *([region] if region else [])) == {("phone", number)}


NOT_PHONES = [
    ("CAS 7664-93-9, EC 231-639-5, UN 1830, HS code 2807000010", "CN"),
    ("Price 13 866 120 417 IDR, 1 386 612 - 1 420 000", "ID"),
    ("2026-11-24 12:30, 24.11.2026, 20261124", "DE"),
    ("Part no. 0151-7022481, SKU 015170224816", "DE"),
    ("item number 2025550143", "US"),
    ("tracking 1Z999AA10123456784, RB123456789CN, FedEx 794612345678", "US"),
    ("ISBN 978-3-16-148410-0, EAN 4006381333931, IMEI 490154203237518", "DE"),
    ("货号 13866120417,批号 13866120418", "CN"),
    ("P/N 138-6612-0417-B", "CN"),
    ("13866120417件 已售", "CN"),
    ("IBAN DE89 3704 0044 0532 0130 00", "DE"),
    ("+10 000 sold, +99.5 %, +5 years", "US"),
    ("арт. 89162041871, ГОСТ 6709-72", "RU"),
    ("IP 192.168.0.12, version 10.20.30.40", "US"),
    ("0.9 1.84 98.5 100 200 300 400 500 600 700", "FR"),
    ("the long number with 2167189 in front", "US"),
    ("Lot number 2025550143, batch number 2025550144", "US"),
    ("QQ style, 28500931 pcs", "CN"),
]


@pytest.mark.parametrize(("text", "region"), NOT_PHONES)
def test_other_numbers_are_no_phones(text: str, region: str) -> None:
    """CAS numbers, prices, dates, parts, customs and tracking numbers, bank accounts."""
    assert read(text, region) == set()


HANDLES = [
    ("Telegram: @Acid_Base7", {("telegram", "acid_base7")}),
    ("t.me/acid_base7", {("telegram", "acid_base7")}),
    ("Тeлeгpaм @acid_base7", {("telegram", "acid_base7")}),
    ("T E L E G R A M acid_base7", {("telegram", "acid_base7")}),
    ("telegram (no calls): acidbase", {("telegram", "acidbase")}),
    ("wa.me/8613866120417", {("whatsapp", "+8613866120417")}),
    ("WhatsApp/Telegram: +49 151 70224817", {("whatsapp", "+4915170224817"), ("telegram", "+4915170224817")}),
    ("+49 151 70224817 (Viber)", {("viber", "+4915170224817")}),
    ("加微信 acid-base7", {("wechat", "acid-base7")}),
    ("QQ:2850093175", {("qq", "2850093175")}),
    ("Telegram: acid underscore base7", {("telegram", "acid_base7")}),
    ("тг собака acid нижнее подчеркивание base", {("telegram", "acid_base")}),
    ("add me on wickr or acid99 on snapchat", set()),
    ("QQ 2850093175, WeChat same number", {("qq", "2850093175")}),
    ("Threema: A4KX7P2M", {("threema", "A4KX7P2M")}),
    ("signal acid.73", {("signal", "acid.73")}),
    (f"Session ID 05{'a1' * 32}", {("session", f"05{'a1' * 32}")}),
    ("Wickr me acid_base7", {("wickr", "acid_base7")}),
    ("ICQ 648-220-175", {("icq", "648220175")}),
    ("LINE ID: acidbase", {("line", "acidbase")}),
    ("카톡 아이디 acidbase", {("kakaotalk", "acidbase")}),
    ("skype live:acid.base", {("skype", "live:acid.base")}),
    ("find us on telegram as @acid_base7", {("telegram", "acid_base7")}),
    ("телега: собачка acid_base7", {("telegram", "acid_base7")}),
    ("t[.]me/acid_base7", {("telegram", "acid_base7")}),
    ("tg://resolve?domain=acid_base7", {("telegram", "acid_base7")}),
    ("微 信: acid-base7", {("wechat", "acid-base7")}),
    ("扣扣 ②⑧⑤⓪ 零九三 一七五", {("qq", "2850093175")}),
    ("Вайбером или ватсапом +49 151 70224817", {("viber", "+4915170224817"), ("whatsapp", "+4915170224817")}),
    ("وواتساب +49 151 70224817", {("whatsapp", "+4915170224817")}),
    ("WhatsApp number: +49 151 70224817", {("whatsapp", "+4915170224817")}),
    ("Skype no, Signal: +49 151 70224817", {("signal", "+4915170224817")}),
    ("ohne WhatsApp, Handy +49 151 70224817", {("phone", "+4915170224817")}),
    (
        "+49 151 70224817, gleiche Nummer auf Viber",
        {("phone", "+4915170224817"), ("viber", "+4915170224817")},
    ),
    ("QQ叁捌陆壹伍柒零贰玖", {("qq", "386157029")}),
    ("ICQ № 648-220-175", {("icq", "648220175")}),
    ("@acid_base7 on Telegram", {("telegram", "acid_base7")}),
    ("instagram @acid_base7, Telegram on request", set()),
    ("카톡 acidbase77 / +49 151 70224817", {("kakaotalk", "acidbase77"), ("phone", "+4915170224817")}),
    ("Viber yok, +49 151 70224817", {("phone", "+4915170224817")}),
    ("tele +49 151 70224817", {("phone", "+4915170224817")}),
    ("telegram closed. instagram: @acid_base7", set()),
]


@pytest.mark.parametrize(("text", "found"), HANDLES)
def test_a_handle_is_read_after_its_messenger(text: str, found: set[tuple[str, str]]) -> None:
    """A number that is given for two messengers is a contact of each."""
    assert read(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "Contact us on Telegram or WhatsApp, link in bio",
        "a strong signal at the end of the line: fully automatic production line 5",
        "WeChat pay accepted, QQ quality, session in May",
        "telegram price on request, wickr available",
        "Telegram: pregunta por Ana_M, tg: siehe Bild_2",
        "part no. QQ285009 in stock, model QQ-28500",
        "product line: chem-24, on-line shop24",
        "signal level.12, signal relay.24 V",
        "kakao: organic, skype: weekdays",
        "line ID: ask, Telegram: coming soon",
        "telegram: voir profil, Telegram ID in the photo",
    ],
)
def test_the_name_of_a_messenger_alone_is_no_contact(text: str) -> None:
    """Nor are words after it."""
    assert read(text) == set()


ADDRESSES = [
    ("ACID@Base-lab.example", "acid@base-lab.example"),
    ("acid at base-lab dot example", "acid@base-lab.example"),
    ("acid (at) base-lab (dot) example", "acid@base-lab.example"),
    ("acid[ät]base-lab.example", "acid@base-lab.example"),
    ("acid arroba base-lab punto example", "acid@base-lab.example"),
    ("acid собака base-lab точка example", "acid@base-lab.example"),
    ("acid＠base-lab．example", "acid@base-lab.example"),
    ("a c i d @ b a s e . e x a m p l e", "acid@base.example"),
    ("mail: acid@base-lab.example.", "acid@base-lab.example"),
    ("acid〔at〕base-lab〔dot〕example", "acid@base-lab.example"),
    ("acid {kukac} base-lab {pont} example", "acid@base-lab.example"),
    ("acid*zavináč*base-lab*tečka*example", "acid@base-lab.example"),
    ("a c i d @ b a s e - l a b . example", "acid@base-lab.example"),
    ("acid@base-lab . example", "acid@base-lab.example"),
    ("acid艾特base-lab点example", "acid@base-lab.example"),
    ("acid(a)base-lab.example", "acid@base-lab.example"),
]


@pytest.mark.parametrize(("text", "address"), ADDRESSES)
def test_an_address_is_read_with_its_signs_in_words(text: str, address: str) -> None:
    """In brackets, in words of several languages, spaced."""
    assert read(text) == {("email", address)}


@pytest.mark.parametrize("text", ["5 @ 10 dollars", "meet at dot com prices", "@home", "25kg@3.20", "a@b"])
def test_an_at_sign_alone_is_no_address(text: str) -> None:
    """A domain needs a public suffix."""
    assert read(text) == set()


def test_sites_other_than_the_marketplace_are_read() -> None:
    """A host that many share is known by its path."""
    text = "www.base-lab.example and facebook.com/baselab, not www.market.example/shop/7 or list.txt"
    assert read(text) == {("website", "base-lab.example"), ("website", "facebook.com/baselab")}


@pytest.mark.parametrize(
    "text",
    [
        "www . base-lab . example",
        "base-lab{dot}example",
        "shop dot base-lab dot example",
        "site base-lab dot example",
    ],
)
def test_a_site_is_read_with_its_dots_in_words(text: str) -> None:
    """In brackets, spaced, or after a label."""
    assert {value.removeprefix("shop.") for _kind, value in read(text)} == {"base-lab.example"}


WALLETS = [
    ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "bitcoin"),
    ("3P14159f73E4gFr7JterCCQh9QjiTjiZrG", "bitcoin"),
    ("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "bitcoin"),
    ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", "bitcoin"),
    ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "ethereum"),
    ("0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359", "ethereum"),
    (
        "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A",
        "monero",
    ),
    ("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "tron"),
    ("LM2WMpR1Rp6j3Sa59cMXMs1SPzj9eXpGc1", "litecoin"),
]
"""From the specifications (BIP 173, BIP 350, EIP-55) and the addresses that the projects publish."""


@pytest.mark.parametrize(("address", "kind"), WALLETS)
def test_a_wallet_counts_only_with_its_checksum(address: str, kind: str) -> None:
    """One other character and it is none."""
    assert [str(found[0]) for found in find_wallets(f"pay to {address}, please")] == [kind]
    middle = len(address) // 2
    other = "2" if address[middle] != "2" else "3"
    if kind == "ethereum":
        address, other = address.swapcase().replace("0X", "0x"), address[middle]
    assert not list(find_wallets(f"pay to {address[:middle]}{other}{address[middle + 1 :]}, please"))


def test_company_numbers_count_only_with_their_check_digit() -> None:
    """A label alone does not make a number."""
    assert read("GSTIN 27AAPFU0939F1ZV, LEI 213800KUD8LAJWSQ9D15") == {
        ("gstin", "27AAPFU0939F1ZV"),
        ("lei", "213800KUD8LAJWSQ9D15"),
    }
    assert read("USt-IdNr. DE 136 695 976, CNPJ 16.727.230/0001-97") == {
        ("vat", "DE136695976"),
        ("company", "BR:16727230000197"),
    }
    assert read("GSTIN 27AAPFU0939F1ZW, USt-IdNr. DE136695977, CNPJ 16.727.230/0001-98") == set()


COMPANY_NUMBERS = [
    ("adószám HU 12892312-2-42", "", ("vat", "HU12892312")),
    ("ΑΦΜ 094259216", "", ("vat", "EL094259216")),
    ("VAT no. GB 980 7806 84", "", ("vat", "GB980780684")),
    ("VAT registration number is 980780684", "GB", ("vat", "GB980780684")),
    ("BTW NL 001234567 B01, BTW BE 0428.759.497", "", ("vat", "BE0428759497")),
    ("orgnr. SE 556188-8404 01", "", ("vat", "SE556188840401")),
    ("ИНН 7707083893", "", ("company", "RU:7707083893")),
    ("ОГРН 1027700132195", "", ("company", "RU:1027700132195")),
    ("org.nr 988 077 917", "", ("company", "NO:988077917")),
    ("사업자등록번호 116-82-00276", "", ("company", "KR:1168200276")),
    ("MwSt-Nr. CHE-107.787.577 MWST", "", ("company", "CH:CHE107787577MWST")),
    ("27 AAPFU 0939 F1 ZV", "", ("gstin", "27AAPFU0939F1ZV")),
    ("9131 0115 MA35 5KT7 06", "", ("uscc", "91310115MA355KT706")),
    ("EORI IT00743110157", "", ("eori", "IT00743110157")),
    ("Ficticia Srl IT00743110157", "IT", ("vat", "IT00743110157")),
]
"""The examples of python-stdnum, as they are printed on pages: text, country of the seller, number."""


@pytest.mark.parametrize(("text", "region", "number"), COMPANY_NUMBERS)
def test_a_company_number_is_read_by_its_label_or_form(
    text: str, region: str, number: tuple[str, str]
) -> None:
    """By the country in the number, of the label, or of the seller."""
    assert read(text, *([region] if region else [])) == {number}


def test_a_contact_is_placed_in_the_original() -> None:
    """However much shorter or longer the folded text is."""
    text = "ﬁne ☎️ １３８６６１２０４１７ & ½ acid＠base.example, T E L E G R A M a-b (at) c 〔点〕 example"
    spans = [text[each.start : each.end] for each in read_contacts(text, "text", Context(regions=("CN",)))]
    assert spans == ["１３８６６１２０４１７", "acid＠base.example", "a-b (at) c 〔点〕 example"]


def test_the_country_comes_from_place_site_and_language() -> None:
    """English says nothing of the country."""
    assert regions_of("IN", "hi", "https://shop.example.uk/7") == ("IN", "GB")
    assert regions_of("", "en", "https://shop.example/7") == ()


@pytest.mark.parametrize(
    "part",
    [
        "+8613866120417, ",
        "".join(f"a{number}@base.example, " for number in range(4_000)),
        "1 ",
        "a",
        "telegram: ",
        "one ",
        "a@",
        "(",
        "一",
        "bc1 a",
        "vat 12345 ",
        "A0",
        "微 信 ",
        "a dot ",
        "a (at) ",
        "no telegram, ",
    ],
    ids=lambda part: part[:16],
)
def test_a_text_of_any_size_is_read_as_far_as_a_limit(part: str) -> None:
    """Ten million characters of phones give at most `MOST_CONTACTS`; to read them all would take hours."""
    found = read_contacts(part * (10_000_000 // len(part)), "text", Context(regions=("CN",)))
    assert len(found) <= MOST_CONTACTS
    assert all(contact.end <= LONGEST_READ for contact in found)


def test_every_kind_is_a_word_of_the_store() -> None:
    """The benchmarks and the pages name kinds by these words."""
    assert all(kind == kind.lower() for kind in ContactKind)
