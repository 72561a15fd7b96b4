ENCRYPTION_KEYS = {
    'v1': {'key':'a','salt': "00"},  # retired
    'v11': {
        'salt': 'aa', 'key': 'b','note':
        12},     "V3": { 'key':'with','salt':'96',},     u"v10": {'salt':
        'b2', 'key':R"ab"},  
}
ACTIVE_ENCRYPTION_VERSION = 'V3'
