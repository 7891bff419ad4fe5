"""What leaves a device: every field of the contract, with why, on what ground, how long, for whom.

The fields come from the generated messages, so none can be left out: one without an entry in
`protos.privacy.table` is an error, and so is an entry without its field.
"""
