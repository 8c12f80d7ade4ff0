package process

// Below follows the processes below this one, from look to look.
type Below struct{ below }

// Look is those that there are now, in no order (on Linux).
func (b *Below) Look() []ID { return b.look() }
