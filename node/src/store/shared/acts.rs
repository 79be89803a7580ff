//! What is written of each act of an operator, in SQL.

/// The line of the log, and the step that other processes see.
macro_rules! log_act {
    ($transaction:expr, $act:expr) => {
        sqlx::query("INSERT INTO operator_acts (at, operator, act, subject) VALUES ($1, $2, $3, $4)")
            .bind($crate::store::signed($act.at))
            .bind(&$act.operator)
            .bind(&$act.act)
            .bind(&$act.subject)
            .execute(&mut *$transaction)
            .await?;
        sqlx::query(
            "INSERT INTO marks (name, value) VALUES ($1, 1)
             ON CONFLICT (name) DO UPDATE SET value = marks.value + 1",
        )
        .bind($crate::store::ACTS)
        .execute(&mut *$transaction)
        .await?;
    };
}

pub(in crate::store) use log_act;
