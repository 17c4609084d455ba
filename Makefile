# Tổng đài 1022. `make` alone says what there is; README.md says more.
include rig/*.mk
