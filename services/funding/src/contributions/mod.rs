//! Money that funders give: public mandates while their payment is awaited, allocation to programmes, and the cash behind claims.

pub mod allocation;
pub mod cash;
pub mod mandate;
