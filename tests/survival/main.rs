//! What a deployment survives while nobody deploys: tokens that expire all the time, a life begun by the Python original,
//! changes by other hands, updates that break the app.

mod python_original;
mod token_lifetime;
