# want: 3 | Write at least one
maximize = "score"
params {

}
data "points" {}
model "net" {}
