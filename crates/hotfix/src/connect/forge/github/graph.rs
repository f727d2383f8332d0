//! The three things that GitHub does by GraphQL only: a draft becomes ready, and
//! the merge queue is looked at and entered.

use crate::connect::forge::ForgeError;
use crate::connect::forge::api::Api;
use crate::connect::http::Method;
use serde_json::{Value, json};

/// The queue of the branch that a request goes to.
#[derive(Debug, Clone, Copy)]
pub struct Queue {
    /// The request is in it.
    pub entered: bool,
}

/// GraphQL lives beside REST: `api.github.com/graphql`, or `/api/graphql` on one's own server.
fn address(base: &str) -> String {
    match base.strip_suffix("/v3") {
        Some(api) => format!("{api}/graphql"),
        None => format!("{base}/graphql"),
    }
}

fn ask(api: &Api, query: &str, variables: &Value) -> Result<Value, ForgeError> {
    let order = json!({"query": query, "variables": variables});
    let answer: Value = api.send(Method::Post, &address(api.base()), &order)?;
    let first = answer.pointer("/errors/0/message").and_then(Value::as_str);
    match first {
        Some(said) => Err(ForgeError::Refused(said.to_owned())),
        None => Ok(answer.get("data").cloned().unwrap_or(Value::Null)),
    }
}

/// A draft becomes ready for review.
pub fn mark_ready(api: &Api, id: &str) -> Result<(), ForgeError> {
    let query = "mutation($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) { pullRequest { isDraft } } }";
    ask(api, query, &json!({"id": id})).map(|_| ())
}

/// The merge queue that a request has to go through; none where the branch has none.
pub fn queue(api: &Api, id: &str) -> Result<Option<Queue>, ForgeError> {
    let query =
        "query($id: ID!) { node(id: $id) { ... on PullRequest { isInMergeQueue mergeQueue { id } } } }";
    let data = match ask(api, query, &json!({"id": id})) {
        Ok(data) => data,
        // An older server of one's own has no queues.
        Err(ForgeError::Refused(_) | ForgeError::NotFound(_)) => return Ok(None),
        Err(ForgeError::Unsure(why)) => return Err(ForgeError::Unreachable(why)),
        Err(e) => return Err(e),
    };
    let has = data.pointer("/node/mergeQueue/id").is_some_and(Value::is_string);
    let entered = data.pointer("/node/isInMergeQueue") == Some(&json!(true));
    Ok(has.then_some(Queue { entered }))
}

/// Puts exactly this commit of a request into the queue.
pub fn enqueue(api: &Api, id: &str, commit: &str) -> Result<(), ForgeError> {
    let query = "mutation($id: ID!, $head: GitObjectID!) { enqueuePullRequest(input: {pullRequestId: $id, expectedHeadOid: $head}) { mergeQueueEntry { id } } }";
    ask(api, query, &json!({"id": id, "head": commit})).map(|_| ())
}
