"""What each of MISP's warninglists is a list *of*, reviewed by hand: one row for each of the 119.

A list says only "this often turns up by mistake". That covers popular names, reserved addresses, but also dynamic
DNS, VPN exits and scanners. What may stop an automatic block is decided by these rows; a test walks all lists of the
package, so that a new one has to be read and filed here before it ships.
"""

from __future__ import annotations

from enum import StrEnum


class Category(StrEnum):
    """What being on a list says of a value."""

    POPULAR = "benign-popular"
    """Well-known or much-visited names."""

    INFRASTRUCTURE = "benign-infrastructure"
    """What the internet or its defenders need to work: resolvers, reserved ranges, certificates, known files."""

    PLATFORM = "shared-platform"
    """Many unrelated customers behind one name or address: the platform is not guilty, a tenant may well be."""

    SCANNER = "scanner-or-sinkhole"
    """Operated by researchers or defenders: scans, sinkholes, block pages, phishing exercises."""

    INFORMATIONAL = "informational"
    """Worth showing, too broad to decide anything."""


_POPULAR = (
    "alexa bank-website cisco_top1000 cisco_top10k cisco_top20k cisco_top5k covid covid-19-krassi-whitelist"
    " covid-19-cyber-threat-coalition-whitelist dax30 google-chrome-crux-1million majestic_million moz-top500 tranco"
    " tranco10k university_domains"
)
_INFRASTRUCTURE = (
    "apple automated-malware-analysis captive-portals common-contact-emails common-ioc-false-positive crl-hostname"
    " crl-ip eicar.com empty-hashes findip-host google googlebot ipv6-linklocal microsoft microsoft-azure-appid"
    " microsoft-office365 microsoft-office365-cn microsoft-office365-ip microsoft-win10-connection-endpoints mozilla-CA"
    " mozilla-IntermediateCA multicast nioc-filehash openai-gptbot public-dns-hostname public-dns-v4 public-dns-v6"
    " rfc1918 rfc3849 rfc5735 rfc6598 rfc6761 security-provider-blogpost ti-falsepositives whats-my-ip wikimedia"
)
_PLATFORM = (
    "akamai amazon-aws cloudflare digitalside disposable-email dynamic-dns fastly github google-gcp"
    " google-gmail-sending-ips link-in-bio lots-project microsoft-azure microsoft-azure-china microsoft-azure-germany"
    " microsoft-azure-us-gov ovh-cluster parking-domain parking-domain-ns public-ipfs-gateways second-level-tlds"
    " smtp-receiving-ips smtp-sending-ips stackpath tlds url-shortener zscaler"
)
_SCANNER = (
    "alphastrike-research-nt-scanning alphastrike-scanning bufferover-nt-scanning censys-scanning check-host-net"
    " coalition-signals-intelligence-nt-scanning cybergreen-nt-scanning cyberresilience-nt-scanning cypex-nt-scanning"
    " f6-nt-scanning internet-census-nt-scanning intrinsec-nt-scanning ipinfo-nt-scanning ipip-nt-scanning"
    " microsoft-attack-simulator modat-nt-scanning modat-scanner netsecscan-nt-scanning netsecscan-scanning"
    " onyphe-nt-scanning onyphe-scanner probethenet-nt-scanning rapid7-nt-scanning research-scanner-nt-scanning"
    " shadowforce-nt-scanning shadowforce-scanning shadowserver shadowserver-nt-scanning shodan-nt-scanning"
    " shodan-scanning sinkholes skipa-nt-scanning tenable-cloud-ipv4 tenable-cloud-ipv6 umbrella-blockpage-hostname"
    " umbrella-blockpage-v4 umbrella-blockpage-v6"
)
# The VPN lists hold whole hosting providers (1.12.0.0/14), the phone patterns match almost any number.
_INFORMATIONAL = "phone_numbers vpn-ipv4 vpn-ipv6"

CATEGORIES: dict[str, Category] = {
    name: category
    for category, names in (
        (Category.POPULAR, _POPULAR),
        (Category.INFRASTRUCTURE, _INFRASTRUCTURE),
        (Category.PLATFORM, _PLATFORM),
        (Category.SCANNER, _SCANNER),
        (Category.INFORMATIONAL, _INFORMATIONAL),
    )
    for name in names.split()
}
"""Category by the list's folder name in the package (titles change between versions, folders do not)."""


def category_of(name: str) -> Category:
    """Return the category of a list; one that nobody has reviewed yet counts as good, so it stops a block."""
    return CATEGORIES.get(name, Category.INFRASTRUCTURE)


class Class(StrEnum):
    """What kind of thing a list is of, finer than its :class:`Category`: each says something else of a value."""

    POPULAR = "popular-name"
    WELL_KNOWN = "well-known-operator"
    RESOLVER = "public-resolver"
    RESERVED = "reserved-range"
    INFRASTRUCTURE = "infrastructure"
    FILE = "known-file"
    RESEARCH = "analysis-or-report"
    SCANNER = "scanner"
    SINKHOLE = "sinkhole"
    EXERCISE = "exercise-or-block-page"
    HOSTING = "free-hosting"
    DYNAMIC = "dynamic-dns"
    CDN = "content-network"
    CLOUD = "cloud"
    MAIL = "mail-service"
    SHORTENER = "link-shortener"
    PARKING = "parking"
    SUFFIX = "public-suffix"
    VPN = "vpn-or-proxy"
    NUMBERS = "phone-numbers"


_CLASSES: dict[Class, tuple[Category, str]] = {
    Class.POPULAR: (Category.POPULAR, (
        "alexa cisco_top1000 cisco_top10k cisco_top20k cisco_top5k google-chrome-crux-1million majestic_million"
        " moz-top500 tranco tranco10k")),
    Class.WELL_KNOWN: (Category.POPULAR, (
        "bank-website covid covid-19-krassi-whitelist covid-19-cyber-threat-coalition-whitelist dax30"
        " university_domains")),
    Class.RESOLVER: (Category.INFRASTRUCTURE, "public-dns-hostname public-dns-v4 public-dns-v6"),
    Class.RESERVED: (Category.INFRASTRUCTURE, (
        "ipv6-linklocal multicast rfc1918 rfc3849 rfc5735 rfc6598 rfc6761")),
    Class.INFRASTRUCTURE: (Category.INFRASTRUCTURE, (
        "apple captive-portals common-contact-emails common-ioc-false-positive crl-hostname crl-ip findip-host google"
        " googlebot microsoft microsoft-azure-appid microsoft-office365 microsoft-office365-cn microsoft-office365-ip"
        " microsoft-win10-connection-endpoints mozilla-CA mozilla-IntermediateCA openai-gptbot whats-my-ip wikimedia")),
    Class.FILE: (Category.INFRASTRUCTURE, "eicar.com empty-hashes nioc-filehash"),
    Class.RESEARCH: (Category.INFRASTRUCTURE, (
        "automated-malware-analysis security-provider-blogpost ti-falsepositives")),
    Class.HOSTING: (Category.PLATFORM, "digitalside github link-in-bio lots-project public-ipfs-gateways"),
    Class.DYNAMIC: (Category.PLATFORM, "dynamic-dns"),
    Class.CDN: (Category.PLATFORM, "akamai cloudflare fastly stackpath zscaler"),
    Class.CLOUD: (Category.PLATFORM, (
        "amazon-aws google-gcp microsoft-azure microsoft-azure-china microsoft-azure-germany microsoft-azure-us-gov"
        " ovh-cluster")),
    Class.MAIL: (Category.PLATFORM, (
        "disposable-email google-gmail-sending-ips smtp-receiving-ips smtp-sending-ips")),
    Class.SHORTENER: (Category.PLATFORM, "url-shortener"),
    Class.PARKING: (Category.PLATFORM, "parking-domain parking-domain-ns"),
    Class.SUFFIX: (Category.PLATFORM, "second-level-tlds tlds"),
    Class.SINKHOLE: (Category.SCANNER, "sinkholes"),
    Class.EXERCISE: (Category.SCANNER, (
        "microsoft-attack-simulator umbrella-blockpage-hostname umbrella-blockpage-v4 umbrella-blockpage-v6")),
    Class.VPN: (Category.INFORMATIONAL, "vpn-ipv4 vpn-ipv6"),
    Class.NUMBERS: (Category.INFORMATIONAL, "phone_numbers"),
}
"""Class → its category and its lists. What is a scanner's or researcher's list stands in none of these: all others."""

CLASSES: dict[str, Class] = dict.fromkeys(_SCANNER.split(), Class.SCANNER) | {
    name: kind for kind, (_, names) in _CLASSES.items() for name in names.split()
}
"""Class by the list's folder name in the package. Many lists that name an address say less than one class: measured, 17
of the 58 addresses that most block lists name are scanners of researchers, who attack no one."""

_OTHERWISE = {
    Category.POPULAR: Class.WELL_KNOWN, Category.INFRASTRUCTURE: Class.INFRASTRUCTURE, Category.PLATFORM: Class.CLOUD,
    Category.SCANNER: Class.SCANNER, Category.INFORMATIONAL: Class.VPN,
}  # fmt: skip


def category_of_class(kind: Class) -> Category:
    """Return the category that a class belongs to."""
    return Category.SCANNER if kind is Class.SCANNER else _CLASSES[kind][0]


def class_of(name: str) -> Class:
    """Return the class of a list; one that nobody has reviewed yet has the broadest of its category."""
    return CLASSES.get(name) or _OTHERWISE[category_of(name)]
