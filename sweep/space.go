package sweep

// Axis is one dimension of a space: a parameter, or several that advance
// together (a zip).
type Axis struct {
	Names []string // the parameters it sets, at least one
	Needs []string // the parameters its domain depends on, all on earlier axes

	// Domain is what the axis may be, given the parameters of earlier axes.
	// For a zip (several Names) the choices are lists with a value for each
	// name, null where that parameter does not exist.
	Domain func(p Params) (Domain, error)
}

// Set puts the axis's value into p; a null value leaves the parameter out.
func (a Axis) Set(p Params, v Value) {
	if len(a.Names) == 1 {
		setOrDelete(p, a.Names[0], v)
		return
	}
	for i, name := range a.Names {
		var item Value
		if items := v.Items(); i < len(items) {
			item = items[i]
		}
		setOrDelete(p, name, item)
	}
}

func setOrDelete(p Params, name string, v Value) {
	if v.IsNull() {
		delete(p, name)
		return
	}
	p[name] = v
}

// Value is the axis's value in p: the inverse of Set.
func (a Axis) Value(p Params) Value {
	if len(a.Names) == 1 {
		return p[a.Names[0]]
	}
	items := make([]Value, len(a.Names))
	for i, name := range a.Names {
		items[i] = p[name]
	}
	return List(items...)
}

// Space is the parameters of a sweep: axes in an order in which each depends
// only on earlier ones, and the variants left out.
type Space struct {
	Axes []Axis
	Skip func(p Params) (bool, error) // nil: nothing is left out
}

// Names are the parameters of s in axis order.
func (s Space) Names() []string {
	var names []string
	for _, a := range s.Axes {
		names = append(names, a.Names...)
	}
	return names
}
