"""The PBX: AMI bridge, calls, queue and operators, live transfer, recordings."""
