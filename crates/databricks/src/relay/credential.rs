//! Database credentials: the page asks for them as the engine does everywhere, and gets a stand-in for the token.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer;
use super::resource::DatabaseResource;
use crate::call::Call;
use crate::credential::{DatabaseCredential, WireCredential};
use crate::error::{Error, InvalidArgument};
use crate::send::decode;
use crate::transport::Response;

type Asked = Result<(Call, Option<DatabaseResource>), Error>;

#[derive(Deserialize, Serialize)]
struct ForEndpoint {
    endpoint: String,
}

#[derive(Deserialize, Serialize)]
struct ForInstances {
    instance_names: [String; 1],
    request_id: String,
}

pub(super) fn for_endpoint(call: Call, body: &[u8]) -> Asked {
    let asked: ForEndpoint = read(body)?;
    let call = call.json(&asked)?;
    possible(call, DatabaseResource::Endpoint(asked.endpoint))
}

pub(super) fn for_instance(call: Call, body: &[u8]) -> Asked {
    let asked: ForInstances = read(body)?;
    let call = call.json(&asked)?;
    let [instance] = asked.instance_names;
    possible(call, DatabaseResource::Instance(instance))
}

fn possible(call: Call, resource: DatabaseResource) -> Asked {
    if resource.is_possible() {
        return Ok((call, Some(resource)));
    }
    Err(unfit(format!("{resource:?}")).into())
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, InvalidArgument> {
    serde_json::from_slice(body).map_err(|error| unfit(error.to_string()))
}

fn unfit(given: String) -> InvalidArgument {
    let what = "request for a database credential";
    InvalidArgument { what, given, rule: "it must name one endpoint or one instance" }
}

/// The credential of an answer, and the answer with a stand-in in its place.
pub(super) fn take(
    call: &str,
    resource: &DatabaseResource,
    response: &Response,
) -> Result<(Response, DatabaseCredential), Error> {
    let mut said: Value = decode(call, &response.body)?;
    let credential = decode::<WireCredential>(call, &response.body)?.into_credential(call)?;
    let mut answer = json!({ "token": resource.stand_in().expose() });
    for field in ["expire_time", "expiration_time"] {
        if let Some(time) = said.get_mut(field) {
            answer[field] = time.take();
        }
    }
    let body = Bytes::from(answer.to_string());
    Ok((answer::of_platform(Response { body, ..response.clone() }), credential))
}
