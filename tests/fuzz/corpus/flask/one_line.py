ENCRYPTION_KEYS={'v1':{'key':'a','salt':'00'},'v2':{'key':'b','salt':'11'}}
ACTIVE_ENCRYPTION_VERSION='v2'