package sweep

import "slices"

// Stoppers is several rules at work on the same trials: the first that says stop
// decides. It is a Promoter where one of them is; none is nil.
func Stoppers(rules ...Stopper) Stopper {
	promotes := func(s Stopper) bool { _, ok := s.(Promoter); return ok }
	switch {
	case len(rules) == 0:
		return nil
	case len(rules) == 1:
		return rules[0]
	case slices.ContainsFunc(rules, promotes):
		return promoters{stoppers(rules)}
	}
	return stoppers(rules)
}

type stoppers []Stopper

func (s stoppers) Judge(t Trial, past History) Verdict {
	for _, rule := range s {
		if v := rule.Judge(t, past); v.Stop {
			return v
		}
	}
	return Verdict{}
}

type promoters struct{ stoppers }

func (s promoters) Promote(past History) (int, bool) {
	for _, rule := range s.stoppers {
		if p, ok := rule.(Promoter); ok {
			if n, ok := p.Promote(past); ok {
				return n, true
			}
		}
	}
	return 0, false
}
