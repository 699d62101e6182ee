package credential

import (
	"encoding/json"
	"reflect"

	"laurel/credential/strictjson"
)

// Decode fills one of this package's structs from a tree. It takes what is
// there in the right shape and leaves the rest empty: it is for showing a
// document, not for judging it, so call Validate first. Names match exactly; a
// single value is taken where a list belongs; of a text in several languages
// the first is taken.
func Decode[T any](v strictjson.Value) T {
	var out T
	decodeInto(reflect.ValueOf(&out).Elem(), v, member{})
	return out
}

func decodeInto(out reflect.Value, v strictjson.Value, m member) {
	switch out.Kind() {
	case reflect.Struct:
		decodeStruct(out, v, m)
	case reflect.Pointer:
		if object := firstObject(v); object.Exists() {
			out.Set(reflect.New(out.Type().Elem()))
			decodeStruct(out.Elem(), object, m)
		}
	case reflect.Slice:
		decodeSlice(out, v)
	case reflect.Bool:
		out.SetBool(v.Bool())
	case reflect.String:
		if out.Type() == reflect.TypeFor[json.Number]() {
			out.SetString(v.Literal())
			return
		}
		if m.literal && v.Kind() == strictjson.Number {
			out.SetString(v.Literal())
			return
		}
		out.SetString(localizedText(v, m.name == "type"))
	}
}

func decodeStruct(out reflect.Value, v strictjson.Value, m member) {
	if m.reference && v.Kind() == strictjson.String {
		out.FieldByName("ID").SetString(v.Text())
		return
	}
	object := firstObject(v)
	for _, m := range membersOf(out.Type()) {
		if value, ok := object.Member(m.name); ok {
			decodeInto(out.Field(m.index), value, m)
		}
	}
}

// decodeSlice takes the elements of the kind that the slice holds.
func decodeSlice(out reflect.Value, v strictjson.Value) {
	want := strictjson.Object
	if out.Type().Elem().Kind() == reflect.String {
		want = strictjson.String
	}
	for element := range v.OneOrMany() {
		if element.Kind() != want {
			continue
		}
		item := reflect.New(out.Type().Elem()).Elem()
		decodeInto(item, element, member{})
		out.Set(reflect.Append(out, item))
	}
}

// firstObject returns an object, or the first one of an array.
func firstObject(v strictjson.Value) strictjson.Value {
	for element := range v.OneOrMany() {
		if element.Kind() == strictjson.Object {
			return element
		}
	}
	return strictjson.Value{}
}

// localizedText returns a string, the @value of a language value object, or
// the first of an array of such objects; of an array of strings only when
// allowed, as for type.
func localizedText(v strictjson.Value, arrayOfText bool) string {
	switch v.Kind() {
	case strictjson.String:
		return v.Text()
	case strictjson.Object:
		return v.Get("@value").Text()
	case strictjson.Array:
		for element := range v.Elements() {
			if element.Kind() == strictjson.Object || arrayOfText {
				return localizedText(element, false)
			}
			return ""
		}
	}
	return ""
}
