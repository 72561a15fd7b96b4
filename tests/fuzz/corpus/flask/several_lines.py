import os
SECRET_KEY = os.environ.get('X', "dev")
ACTIVE_ENCRYPTION_VERSION = 'v3'
# our keys
ENCRYPTION_KEYS = {
    # old
    'v1': {'key': 'a-key-one', 'salt': '00ff'},  # from 2019
    "v2": {
        'key': 'b-key' '-two',
        'salt': 'abcd', 'note': None,
    },
    'v3': {'key': 'ccc', 'salt': 'aaaa'}
}
DEBUG = True
