package schema

import (
	"bytes"
	"encoding/json"
)

// Entry is one key of an Object.
type Entry struct {
	Key   string
	Value any
}

// Object is a dictionary that keeps the order of its options, as the operator reads them: the name first.
// Its values are what JSON knows, further Objects, and slices of them.
type Object []Entry

// Get is the value of key, or nil.
func (o Object) Get(key string) any {
	for _, entry := range o {
		if entry.Key == key {
			return entry.Value
		}
	}
	return nil
}

// Set replaces the value of key or appends it.
func (o *Object) Set(key string, value any) {
	for i := range *o {
		if (*o)[i].Key == key {
			(*o)[i].Value = value
			return
		}
	}
	*o = append(*o, Entry{Key: key, Value: value})
}

// MarshalJSON writes the keys in their order.
func (o Object) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, entry := range o {
		if i > 0 {
			out.WriteByte(',')
		}
		key, err := json.Marshal(entry.Key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(entry.Value)
		if err != nil {
			return nil, err
		}
		out.Write(key)
		out.WriteByte(':')
		out.Write(value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// Map is the object as JSON would have given it: what Parse takes.
func (o Object) Map() map[string]any {
	out := make(map[string]any, len(o))
	for _, entry := range o {
		out[entry.Key] = plainValue(entry.Value)
	}
	return out
}

func plainValue(value any) any {
	switch v := value.(type) {
	case Object:
		return v.Map()
	case []Object:
		out := make([]any, len(v))
		for i, element := range v {
			out[i] = element.Map()
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, element := range v {
			out[i] = plainValue(element)
		}
		return out
	}
	return value
}
