"""How often each error happens in the town."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, kw_only=True)
class Rates:
    """The share of records that suffer each error, from 0 to 1; errors strike independently.

    Every rate is of the records where the error can happen: a lower-case x needs a certificate that ends in X.
    """

    # Names
    name_homophone: float = 0.012
    """One character is another of the same sound: 张伟 -> 章伟."""
    name_look_alike: float = 0.006
    """One character is another that looks like it: 未 -> 末."""
    name_traditional: float = 0.010
    """The name is in traditional characters: 张伟 -> 張偉."""
    name_spaces: float = 0.020
    """Blanks stand within or around the name: 张 伟."""
    name_title: float = 0.015
    """Only the surname and a title, in the call centre: 张先生."""
    name_missing: float = 0.010
    """No name."""
    name_placeholder: float = 0.004
    """Something that is no name: 无, test, 客户."""
    name_latin_order: float = 0.35
    """A Latin name in another order or case: Smith, John; JOHN SMITH; J. Smith."""
    name_full_width: float = 0.05
    """A Latin name in full-width letters."""
    name_dot: float = 0.30
    """A minority name with another dot than ·, or with none."""
    name_short: float = 0.25
    """An organization without its region, its legal form, or both: 华信科技."""

    # Certificates
    id_slip: float = 0.008
    """One digit is wrong."""
    id_swap: float = 0.004
    """Two neighbouring digits changed places."""
    id_old_form: float = 0.030
    """A resident ID in its form of 15 digits, of those born before 1985."""
    id_lower_x: float = 0.300
    """The check digit X in lower case."""
    id_full_width: float = 0.004
    """Written in full-width digits."""
    id_missing: float = 0.020
    """No certificate though the channel asks for it."""
    id_placeholder: float = 0.005
    """Something that is no certificate: 无, 000000000000000000."""
    id_of_proxy: float = 0.001
    """The proxy's certificate on the holder's form, in the hall."""

    # Phones
    phone_slip: float = 0.006
    """One digit is wrong; callers cannot mistype, so not in the call centre."""
    phone_swap: float = 0.003
    """Two neighbouring digits changed places; not in the call centre."""
    phone_form: float = 0.200
    """Another way to write it: +86 139…, 0086139…, 139-1234-5678, 139 1234 5678."""
    phone_full_width: float = 0.004
    """Written in full-width digits."""
    phone_missing: float = 0.020
    """No phone."""
    phone_placeholder: float = 0.005
    """A number that is nobody's: 13800138000, 00000000000, 无."""
    phone_old: float = 0.040
    """The old number, though the customer has changed it."""
    phone_of_family: float = 0.040
    """The number of the head of the household."""
    phone_of_staff: float = 0.015
    """The number of the firm where the person works."""
    phone_of_agent: float = 0.004
    """The number of an agent who filled in the form; not in the call centre."""
    phone_of_proxy: float = 0.010
    """The proxy's number on the holder's form, in the hall."""

    # Birth dates and genders
    birth_form: float = 0.500
    """Another way to write the date: 1985/3/7, 19850307, 1985年3月7日, 1985.03.07."""
    birth_slip: float = 0.006
    """One digit is wrong, or day and month changed places."""
    birth_missing: float = 0.050
    """No birth date though the channel asks for it."""
    birth_placeholder: float = 0.003
    """A date that is nobody's: 1900-01-01."""
    gender_form: float = 0.600
    """Another way to write it than 男 and 女: M, F, and of GB/T 2261.1 1, 2."""
    gender_wrong: float = 0.003
    """The other gender."""
    gender_missing: float = 0.050
    """No gender though the channel asks for it."""

    # Addresses
    address_form: float = 0.600
    """Another order than from province down to room: short with dashes, estate before road, from room up."""
    address_part_missing: float = 0.100
    """A part is left out: province, district, road, unit, room, each by itself."""
    address_slip: float = 0.010
    """One character is another of the same sound."""
    address_old: float = 0.150
    """The old address, though the customer has moved."""
    address_missing: float = 0.050
    """No address though the channel asks for it."""

    # Other columns
    email_slip: float = 0.010
    """Two neighbouring characters changed places."""
    email_case: float = 0.050
    """In capitals, or with blanks around."""
    email_missing: float = 0.050
    """No e-mail though the customer has one and the channel asks for it."""
    category_wrong: float = 0.010
    """The category of somebody else."""
    category_missing: float = 0.100
    """No category."""
    star_old: float = 0.050
    """The star level of last year: one less."""

    # What the channels deliver
    duplicate: float = 0.010
    """A row is delivered once more, online and in the halls."""
    bad_row: float = 0.002
    """A row too many that nobody can use: of the wrong width, without name and phone, with an impossible date."""

    def __post_init__(self) -> None:
        for rate in fields(self):
            if not 0 <= getattr(self, rate.name) <= 1:
                raise ValueError(f"the rate {rate.name} is {getattr(self, rate.name)}, and must be between 0 and 1")

    def scaled(self, factor: float) -> "Rates":
        """Every rate times a factor, at most 1; 0 makes clean records.

        >>> Rates().scaled(0).id_slip, Rates().scaled(2).id_slip, Rates().scaled(1000).id_slip
        (0.0, 0.016, 1.0)
        """
        return Rates(**{rate.name: min(1.0, getattr(self, rate.name) * factor) for rate in fields(self)})
