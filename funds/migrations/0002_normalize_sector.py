"""The database function that makes keys of sectors, and the check that uses it.

The body is parsed when the function is made and compares under collation "C", so neither
search_path nor the locale of the database can change what it does.
"""

from django.db import migrations, models

# The first list of translate() holds the letters of funds.taxonomy.FOLDED_LETTERS, one line for
# each folded letter; combining marks come last, have no counterpart and are dropped.
CREATE_FUNCTION = """
CREATE FUNCTION normalize_sector(label text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN trim(BOTH '_' FROM regexp_replace(replace(replace(replace(replace(replace(replace(translate(
    label COLLATE "C",
        'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
        'ÀÁÂÃÄÅàáâãäåĀāĂăĄąǍǎǞǟǠǡǺǻȀȁȂȃȦȧḀḁẠạẢảẤấẦầẨẩẪẫẬậẮắẰằẲẳẴẵẶặ\u212b'
        'ƀɃḂḃḄḅḆḇ'
        'ÇçĆćĈĉĊċČčḈḉ'
        'ÐðĎďĐđḊḋḌḍḎḏḐḑḒḓ'
        'ÈÉÊËèéêëĒēĔĕĖėĘęĚěȄȅȆȇȨȩḔḕḖḗḘḙḚḛḜḝẸẹẺẻẼẽẾếỀềỂểỄễỆệ'
        'Ḟḟ'
        'ĜĝĞğĠġĢģǤǥǦǧǴǵḠḡ'
        'ĤĥĦħȞȟḢḣḤḥḦḧḨḩḪḫẖ'
        'ÌÍÎÏìíîïĨĩĪīĬĭĮįİıǏǐȈȉȊȋḬḭḮḯỈỉỊị'
        'Ĵĵǰ'
        'ĶķĸǨǩḰḱḲḳḴḵ\u212a'
        'ĹĺĻļĽľŁłḶḷḸḹḺḻḼḽ'
        'ḾḿṀṁṂṃ'
        'ÑñŃńŅņŇňŉŊŋǸǹṄṅṆṇṈṉṊṋ'
        'ÒÓÔÕÖØòóôõöøŌōŎŏŐőƠơǑǒǪǫǬǭǾǿȌȍȎȏȪȫȬȭȮȯȰȱṌṍṎṏṐṑṒṓỌọỎỏỐốỒồỔổỖỗỘộỚớỜờỞởỠỡỢợ'
        'ṔṕṖṗ'
        'ŔŕŖŗŘřȐȑȒȓṘṙṚṛṜṝṞṟ'
        'ŚśŜŝŞşŠšſȘșṠṡṢṣṤṥṦṧṨṩẛ'
        'ŢţŤťŦŧȚțṪṫṬṭṮṯṰṱẗ'
        'ÙÚÛÜùúûüŨũŪūŬŭŮůŰűŲųƯưǓǔǕǖǗǘǙǚǛǜȔȕȖȗṲṳṴṵṶṷṸṹṺṻỤụỦủỨứỪừỬửỮữỰự'
        'ṼṽṾṿ'
        'ŴŵẀẁẂẃẄẅẆẇẈẉẘ'
        'ẊẋẌẍ'
        'ÝýÿŶŷŸȲȳẎẏẙỲỳỴỵỶỷỸỹ'
        'ŹźŻżŽžƵƶẐẑẒẓẔẕ'
        'æǢǣǼǽ'
        'ĳ'
        'œ'
        'ẞ'
        'þ'
        '\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308\u0309\u030a\u030b\u030c\u030d'
        '\u030e\u030f\u0310\u0311\u0312\u0313\u0314\u0315\u0316\u0317\u0318\u0319\u031a\u031b'
        '\u031c\u031d\u031e\u031f\u0320\u0321\u0322\u0323\u0324\u0325\u0326\u0327\u0328\u0329'
        '\u032a\u032b\u032c\u032d\u032e\u032f\u0330\u0331\u0332\u0333\u0334\u0335\u0336\u0337'
        '\u0338\u0339\u033a\u033b\u033c\u033d\u033e\u033f\u0340\u0341\u0342\u0343\u0344\u0345'
        '\u0346\u0347\u0348\u0349\u034a\u034b\u034c\u034d\u034e\u034f\u0350\u0351\u0352\u0353'
        '\u0354\u0355\u0356\u0357\u0358\u0359\u035a\u035b\u035c\u035d\u035e\u035f\u0360\u0361'
        '\u0362\u0363\u0364\u0365\u0366\u0367\u0368\u0369\u036a\u036b\u036c\u036d\u036e\u036f',
        'abcdefghijklmnopqrstuvwxyz'
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
        'bbbbbbbb'
        'cccccccccccc'
        'dddddddddddddddd'
        'eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee'
        'ff'
        'gggggggggggggggg'
        'hhhhhhhhhhhhhhhhh'
        'iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii'
        'jjj'
        'kkkkkkkkkkkk'
        'llllllllllllllll'
        'mmmmmm'
        'nnnnnnnnnnnnnnnnnnnnn'
        'oooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooo'
        'pppp'
        'rrrrrrrrrrrrrrrrrr'
        'ssssssssssssssssssssss'
        'ttttttttttttttttt'
        'uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu'
        'vvvv'
        'wwwwwwwwwwwww'
        'xxxx'
        'yyyyyyyyyyyyyyyyyyy'
        'zzzzzzzzzzzzzz'
        'ÆÆÆÆÆ'
        'Ĳ'
        'Œ'
        'ß'
        'Þ'),
    'Æ', 'ae'),
    'Ĳ', 'ij'),
    'Œ', 'oe'),
    'ß', 'ss'),
    'Þ', 'th'),
    '&', ' and '),
    '[^a-z0-9]+', '_', 'g'))
"""


class Migration(migrations.Migration):
    dependencies = [("funds", "0001_initial")]

    operations = [
        migrations.RunSQL(sql=CREATE_FUNCTION, reverse_sql="DROP FUNCTION normalize_sector(text)"),
        migrations.AddConstraint(
            model_name="sector",
            constraint=models.CheckConstraint(
                condition=models.Q(key=models.Func(models.F("key"), function="normalize_sector")),
                name="funds_sector_key_normalized",
                violation_error_message=(
                    "A sector key has lower-case ASCII letters and digits only, with single"
                    " underscores between words."
                ),
            ),
        ),
    ]
