"""Prints the example numbers of every region and kind of number, each in E.164 and as people write it."""

import json

import phonenumbers as p

examples = [p.example_number_for_non_geo_entity(code) for code in p.COUNTRY_CODES_FOR_NON_GEO_REGIONS]
for region in p.SUPPORTED_REGIONS:
    examples += [p.example_number_for_type(region, kind) for kind in p.PhoneNumberType.values()]
numbers = {}
for number in examples:
    if number is not None and p.is_valid_number(number):
        numbers[p.format_number(number, p.PhoneNumberFormat.E164)] = [
            p.format_number(number, written)
            for written in (p.PhoneNumberFormat.INTERNATIONAL, p.PhoneNumberFormat.NATIONAL)
        ]
print(json.dumps(numbers))
