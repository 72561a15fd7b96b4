#!/bin/sh
# The short run of the simulation; `make crash` runs all of it.
exec "${BUILD:?}/crash/simulate"
