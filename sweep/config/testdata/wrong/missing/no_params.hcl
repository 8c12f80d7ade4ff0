# want: 1 | A sweep needs parameters
maximize = "score"
data "points" {}
model "net" {}
