package nftables

// knownTables are others' tables as they were read last: a task looks at them several times, and ten thousand rules
// take the kernel long to tell. Rules and the sets in them change by transactions alone, each of which the kernel
// counts. A table that goes with its owner is not counted, but it is not in the list of tables then, which is always
// read.
type knownTables struct {
	generation uint32
	tables     map[tableName]*Table
}

type tableName struct {
	family Family
	name   string
}

// at is what is known of the generation: nothing if there was another transaction.
func (k *knownTables) at(generation uint32) *knownTables {
	if k.tables == nil || k.generation != generation {
		k.generation, k.tables = generation, map[tableName]*Table{}
	}
	return k
}

// changed goes on to the generation after a transaction about one table, unless somebody else has changed something,
// too.
func (k *knownTables) changed(table tableName, now uint32) {
	if now == k.generation+1 {
		k.generation = now
		delete(k.tables, table)
	}
}
