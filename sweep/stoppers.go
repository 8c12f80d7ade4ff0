package sweep

// Stoppers are several rules at work on the same trials: the first that says
// stop decides.
type Stoppers []Stopper

// Judge asks the rules in their order.
func (s Stoppers) Judge(t Trial, past History) Verdict {
	for _, rule := range s {
		if v := rule.Judge(t, past); v.Stop {
			return v
		}
	}
	return Verdict{}
}
