package task

import (
	"slices"

	"hostnet.linux/internal/host"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/spec"
)

// NetworkDocs describes the options of the network module.
func NetworkDocs() []schema.Doc {
	return slices.Concat(host.NetworkTable().Docs(), services.NetworkOptions().Docs(), []schema.Doc{host.ConfigDoc()},
		StateDocs(), OpenStackDocs())
}

// KeptDocs describes what files in /etc/hostnet hold: the objects alone.
func KeptDocs() []schema.Doc {
	return slices.DeleteFunc(NetworkDocs(), func(doc schema.Doc) bool { return spec.KindOf(doc.Name) == nil })
}
