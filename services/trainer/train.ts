// Train: one training, from replay to gate, as a function of what is on the log: history → normal rows → fit → calibrate →
// gate → artefact. Runs in a worker; publishes nothing.
